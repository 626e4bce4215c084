// The real processes of a browser: all that its profile's folder is named to, and all that those started.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Every process of this machine: `{ pid, parent, command }`. */
function processes() {
  if (process.platform !== 'linux') {
    const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,command='], { encoding: 'utf8' }).trimEnd().split('\n');
    return lines.map((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
      return { pid: Number(pid), parent: Number(parent), command };
    });
  }
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      // After the command's name, which may hold anything, in brackets: the state, and the parent.
      const [, state, parent] = /^\d+ \([^]*\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'));
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      // Who is dead and only not yet missed does nothing more.
      return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
    } catch {
      return [];
    }
  });
}

/** The processes of the browser that has its profile in `profile`. */
export function family(profile) {
  const all = processes().filter(({ pid }) => pid !== process.pid);
  const found = new Set(all.filter(({ command }) => command.includes(profile)));
  for (const each of found) for (const child of all) if (child.parent === each.pid) found.add(child);
  return [...found];
}

export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It was faster.
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Kills them all as if the power failed: first they are stopped, so that none sees another die and still tidies up. */
export async function killAll(profile) {
  const stopped = new Set();
  for (;;) {
    const fresh = family(profile).filter(({ pid }) => !stopped.has(pid));
    if (!fresh.length) break;
    for (const { pid } of fresh) {
      signal(pid, 'SIGSTOP');
      stopped.add(pid);
    }
  }
  for (const pid of stopped) signal(pid, 'SIGKILL');
  await gone(profile);
}

/** Until none of them is left. */
export async function gone(profile, patience = 20_000) {
  const end = performance.now() + patience;
  for (let left = family(profile); left.length; left = family(profile)) {
    if (performance.now() > end) throw new Error(`still there: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
