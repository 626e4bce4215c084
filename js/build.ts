// `maitre build`: an offers file made into a plan, which pages load faster, with a smaller engine.

import { lineOf, planOf, problemsOf, readText, writeFile } from './engine';

/** Writes the plan of an offers file beside it, or to `out`; returns the exit code. */
export const build = (file: string, out = `${file.replace(/\.json$/, '')}.plan`): number => {
  const config = readText(file).replace(/^\ufeff/, '');
  const problems = problemsOf(config);
  for (const problem of problems) console.error(lineOf(file, problem));
  const plan = planOf(config);
  if (!plan) {
    console.error(`${file} has errors: no plan was written`);
    return 1;
  }
  writeFile(out, plan);
  console.error(`${out}: ${plan.length} bytes`);
  return 0;
};
