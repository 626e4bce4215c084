// `maitre check`: every problem of an offers file, where it is and what to do about it.

import { count, lineOf, problemsOf, readText, Refusal } from './engine';

/** Prints the problems of each file, as lines or as JSON; returns the exit code. */
export const check = (files: string[], asJson: boolean): number => {
  let code = 0;
  let errors = 0;
  let warnings = 0;
  let checked = 0;
  for (const file of files) {
    let config: string;
    try {
      config = readText(file);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      console.error(error.message);
      code = 2;
      continue;
    }
    checked += 1;
    for (const problem of problemsOf(config)) {
      if (problem.severity === 'error') errors += 1;
      else warnings += 1;
      console.log(asJson ? JSON.stringify({ file, ...problem }) : lineOf(file, problem));
    }
  }
  if (checked) console.error(`${count(errors, 'error')}, ${count(warnings, 'warning')} in ${count(checked, 'file')}`);
  return Math.max(code, errors ? 1 : 0);
};
