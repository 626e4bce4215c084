// Who listens to decisions and problems, and the console.

import type { Decision, Maitre, Problem } from './types';

/** Reports a problem of the page's own, one that is not about a place in the config. */
export type Report = (what: string, remedy: string, offer?: string) => void;

/** Listens on the browser, which never has to wait for it. */
export const hear = (target: EventTarget, type: string, heard: (event: never) => void, options?: AddEventListenerOptions): void =>
  target.addEventListener(type, heard as (event: Event) => void, { passive: true, ...options });

type Listener<T> = (value: T) => void;

/** A listener's mistake is the page's own: it shows up as one, and stops nothing here. */
const tell = <T>(listeners: Iterable<Listener<T>>, value: T): void => {
  for (const listener of listeners) {
    try {
      listener(value);
    } catch (error) {
      reportError(error);
    }
  }
};

/** Problems are told once each, also on the console, where `file` says which config they are about. */
export const hearing = (file: string) => {
  const decisions = new Set<Listener<Decision>>();
  const problems = new Set<Listener<Problem>>();
  const told = new Set<string>();
  let early: Problem[] | undefined = [];

  const problem = (found: Problem): void => {
    const { line, column, path, what, remedy } = found;
    const text = `maitre: ${line ? `${file}:${line}:${column} ${path}: ` : ''}${what}; ${remedy}`;
    if (told.has(text)) return;
    told.add(text);
    console.warn(text);
    early?.push(found);
    tell(problems, found);
  };

  const report: Report = (what, remedy, offer) =>
    problem({ severity: 'error', path: '', line: 0, column: 0, what, remedy, ...(offer && { offer }) });

  const add = <T>(listeners: Set<Listener<T>>, listener: Listener<T>, missed: T[] = []): (() => void) => {
    listeners.add(listener);
    for (const value of missed) tell([listener], value);
    return () => void listeners.delete(listener);
  };
  const on = ((name: string, listener: Listener<Decision> & Listener<Problem>) => {
    if (name !== 'problem') return add<Decision>(decisions, listener);
    const missed = early;
    early = undefined;
    return add<Problem>(problems, listener, missed);
  }) as Maitre['on'];

  return { problem, report, on, decided: (decision: Decision): void => tell(decisions, decision) };
};
