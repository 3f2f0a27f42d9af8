// A Docker engine of our own, beside any that runs: own data, own socket, gone afterwards.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const runtime = join(import.meta.dirname, 'runc-within-bounds.mjs');
const withinMs = 60_000;

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const path = `${process.env.PATH}:/usr/sbin:/sbin`;
const emptyTables = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
};

/** What the engine changes on the host, as it is now; undone by what is returned. */
function rememberHost() {
  const saved = spawnSync('iptables-save', [], { encoding: 'utf8', env: { ...process.env, PATH: path } }).stdout ?? '';
  const missing = Object.entries(emptyTables).filter(([table]) => !saved.includes(`*${table}\n`));
  const rules = saved + missing.map(([table, chains]) => `*${table}\n${chains.map((chain) => `:${chain} ACCEPT [0:0]`).join('\n')}\nCOMMIT\n`).join('');
  const forward = readFileSync(forwarding, 'utf8');
  const hadBridge = spawnSync('ip', ['link', 'show', 'docker0'], { stdio: 'ignore', env: { ...process.env, PATH: path } }).status === 0;
  return () => {
    const restored = spawnSync('iptables-restore', [], { input: rules, encoding: 'utf8', env: { ...process.env, PATH: path } });
    if (restored.status !== 0) throw new Error(`the host's iptables rules could not be restored: ${restored.stderr}`);
    writeFileSync(forwarding, forward);
    if (!hadBridge) spawnSync('ip', ['link', 'delete', 'docker0'], { stdio: 'ignore', env: { ...process.env, PATH: path } });
  };
}

/** Starts an engine; answers its socket and how to stop it. `keep` names a folder whose data stays for the next time. */
export async function startEngine(keep) {
  const work = keep ?? mkdtempSync(join(tmpdir(), 'navarch-docker-'));
  mkdirSync(work, { recursive: true });
  const socket = join(work, 'docker.sock');
  const restoreHost = rememberHost();
  const log = openSync(join(work, 'log'), 'a');
  const engine = spawn('dockerd', [
    `--data-root=${join(work, 'data')}`, `--exec-root=${join(work, 'exec')}`, `--pidfile=${join(work, 'pid')}`, `--host=unix://${socket}`,
    `--add-runtime=within-bounds=${runtime}`, '--default-runtime=within-bounds',
  ], { stdio: ['ignore', log, log], env: { ...process.env, PATH: path } });
  closeSync(log);
  const ended = new Promise((resolve) => engine.once('exit', resolve));
  const host = `unix://${socket}`;
  const deadline = Date.now() + withinMs;
  while (spawnSync('docker', ['--host', host, 'version'], { stdio: 'ignore' }).status !== 0) {
    if (engine.exitCode !== null || Date.now() > deadline) throw new Error(`dockerd did not start:\n${readFileSync(join(work, 'log'), 'utf8').slice(-2000)}`);
    await sleep(200);
  }
  return {
    host,
    stop: async () => {
      engine.kill('SIGTERM');
      await ended;
      restoreHost();
      if (keep === undefined) rmSync(work, { recursive: true, force: true });
    },
  };
}
