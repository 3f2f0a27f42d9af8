// Commands of the test run: several may run side by side, so each prints all it has to say in one piece.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../prepare.mjs';

export const bin = (name) => join(root, 'node_modules', '.bin', name);
export const secondsSince = (start) => `${((Date.now() - start) / 1000).toFixed(0)} s`;

const environment = () => ({ ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', FORCE_COLOR: '0', PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` });

/**
 * Runs a command in the project's folder. Answers its exit code (null when it could not start or was killed) and what it
 * wrote to both outputs; with `live` that goes to the terminal at once, and the answer has none of it.
 */
export function command(program, args, { more = {}, live = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env: { ...environment(), ...more }, stdio: ['ignore', ...(live ? ['inherit', 'inherit'] : ['pipe', 'pipe'])] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => { output += text; });
    child.on('error', (error) => resolve({ code: null, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
