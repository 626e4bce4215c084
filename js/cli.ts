#!/usr/bin/env node
// The `maitre` command: the engine that pages run, for whoever writes offers.

import { build } from './build';
import { check } from './check';
import { loadEngine, Refusal, version } from './engine';
import { replay } from './replay';
import { snippet } from './inline';

const HELP = `maitre - checks, builds and replays what an on-device maître d' would offer

  maitre check FILE... [--json]      say what is wrong in offers files, where, and what to do
  maitre build OFFERS [PLAN]         make a plan of an offers file, for pages: OFFERS.plan unless you say where
  maitre snippet [--hash]            the inline script that pages begin with, as a tag, and its hash for their Content-Security-Policy
  maitre replay OFFERS JOURNEY...    play journeys against an offers file: one JSON line for each decision and each overlay

  --json       (check) one JSON object for each problem
  --hash       (snippet) the hash alone
  --help       this text
  --version    the version of this package

exit codes
  0   all is well: no errors, every \`expect\` held
  1   an offers file has errors, or an \`expect\` did not hold
  2   something could not be read, is not a journey, or the command was called wrongly`;

const usage = (what: string): Refusal => new Refusal(`maitre: ${what}\ntry: maitre --help`);

const run = (args: string[]): number => {
  const end = args.indexOf('--');
  const flags = args.filter((arg, i) => /^-./.test(arg) && (end < 0 || i < end));
  const [command, ...files] = args.filter((arg, i) => i !== end && !(/^-./.test(arg) && (end < 0 || i < end)));

  if (flags.some((flag) => flag === '--help' || flag === '-h') || command === 'help') {
    console.log(HELP);
    return 0;
  }
  if (flags.includes('--version')) {
    console.log(version());
    return 0;
  }
  if (command === undefined) throw usage('say what to do: check, build, snippet or replay');
  if (!['check', 'build', 'snippet', 'replay'].includes(command)) throw usage(`there is no \`${command}\`: say check, build, snippet or replay`);
  const known: Record<string, string> = { check: '--json', snippet: '--hash' };
  const strange = flags.find((flag) => flag !== known[command]);
  if (strange) throw usage(`\`${command}\` knows no \`${strange}\``);

  if (command === 'check') {
    if (!files.length) throw usage('name at least one offers file to check');
    loadEngine();
    return check(files, flags.includes('--json'));
  }
  if (command === 'build') {
    const [offers, plan, ...others] = files;
    if (!offers || others.length) throw usage('name an offers file, and where its plan is to be written if not beside it');
    loadEngine();
    return build(offers, plan);
  }
  if (command === 'snippet') {
    if (files.length) throw usage('`snippet` takes no files');
    return snippet(flags.includes('--hash'));
  }
  const [offers, ...journeys] = files;
  if (!offers || !journeys.length) throw usage('name an offers file and at least one journey to replay');
  loadEngine();
  return replay(offers, journeys);
};

// A reader that has had enough, as `head` has, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 2;
}
