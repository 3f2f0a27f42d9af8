// A Docker engine of our own, beside any that runs: own data, own socket, own network; gone afterwards.
//   node tools/compose/engine.mjs start DIR       prints how to use it
//   node tools/compose/engine.mjs stop DIR
//   node tools/compose/engine.mjs power-cut DIR   kills it and all its containers at once, as when the power goes
//   node tools/compose/engine.mjs power-on DIR    starts it again: what restart policies promise must come back by itself
// Needs root.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyNetwork, inside, makeNetwork, removeNetwork } from './network.mjs';

const runtime = join(import.meta.dirname, 'runc-within-bounds');
const withinMs = 60_000;
/** As how many processes outside. Kernel threads are among those: while many containers end, what is written to disk waits for seconds, and etcd with it. */
const weights = { docker: 20, navarch: 10 };
/** Before what a busy cluster must not keep waiting, which is short: what starts and replaces its containers. */
const urgent = ['nice', '-n', '-10'];
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

const files = (dir) => ({ socket: join(dir, 'docker.sock'), log: join(dir, 'log'), pid: join(dir, 'pid'), data: join(dir, 'data'), exec: join(dir, 'exec'), network: join(dir, 'network.json') });

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined;
    throw error;
  }
};

/** Process ids and parents of all that runs. */
function processes() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    const stat = read(`/proc/${name}/stat`);
    return stat === undefined ? [] : [{ pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command: read(`/proc/${name}/cmdline`) ?? '' }];
  });
}

/** The engine, its containerd, the shims, and all that they started. */
function ownProcesses(dir) {
  const all = processes();
  const { exec } = files(dir);
  const own = new Set(all.filter(({ pid, command }) => pid !== process.pid && command.includes(exec)).map(({ pid }) => pid));
  for (let grown = true; grown;) {
    const before = own.size;
    for (const { pid, parent } of all) if (own.has(parent)) own.add(pid);
    grown = own.size > before;
  }
  return [...own];
}

async function killAll(dir) {
  const deadline = Date.now() + withinMs;
  for (let left = ownProcesses(dir); left.length > 0; left = ownProcesses(dir)) {
    if (Date.now() > deadline) throw new Error(`processes of ${dir} do not end: ${left.join(', ')}`);
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
    await sleep(50);
  }
}

/** The deepest first. */
function unmountAll(dir) {
  const points = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '').filter((point) => point.startsWith(`${dir}/`));
  for (const point of points.reverse()) spawnSync('umount', ['-l', point], { stdio: 'ignore', env });
}

/**
 * All containers together would weigh as much as one process outside, such as a kubectl that asks again and again for what
 * they do, and so would all pods of all nodes, which are beside their nodes' containers. (With cgroups v2, where each user's processes are in one, they do not.)
 */
function weighContainers() {
  const groups = '/sys/fs/cgroup/cpu';
  if (!existsSync(join(groups, 'cpu.shares'))) return;
  for (const [group, processes] of Object.entries(weights)) {
    mkdirSync(join(groups, group), { recursive: true });
    writeFileSync(join(groups, group, 'cpu.shares'), String(1024 * processes));
  }
}

async function startDaemon(dir, network) {
  weighContainers();
  const { socket, log, pid, data, exec } = files(dir);
  const output = openSync(log, 'a');
  const [enter, ...entering] = inside(network.name);
  const engine = spawn(enter, [
    ...entering, ...urgent, 'dockerd', `--data-root=${data}`, `--exec-root=${exec}`, `--pidfile=${pid}`, `--host=unix://${socket}`,
    `--add-runtime=within-bounds=${runtime}`, '--default-runtime=within-bounds',
  ], { stdio: ['ignore', output, output], env, detached: true });
  closeSync(output);
  engine.unref();
  const deadline = Date.now() + withinMs;
  while (spawnSync('docker', ['--host', `unix://${socket}`, 'version'], { stdio: 'ignore' }).status !== 0) {
    if (engine.exitCode !== null || Date.now() > deadline) throw new Error(`dockerd did not start:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    await sleep(200);
  }
}

/** Starts an engine whose data is in `dir`; answers its socket, and the command before commands that shall see its ports and containers. */
export async function startEngine(dir) {
  await stopEngine(dir);
  mkdirSync(dir, { recursive: true });
  const network = makeNetwork(process.pid);
  writeFileSync(files(dir).network, JSON.stringify(network));
  try {
    await startDaemon(dir, network);
  } catch (error) {
    await stopEngine(dir);
    throw error;
  }
  return { host: `unix://${files(dir).socket}`, inside: inside(network.name) };
}

/** Stops it, also one that was left by a run that did not end; its data stays. */
export async function stopEngine(dir) {
  const { pid, exec, network } = files(dir);
  const id = Number(read(pid) ?? 0);
  if (id > 0 && ownProcesses(dir).includes(id)) {
    process.kill(id, 'SIGTERM');
    const deadline = Date.now() + withinMs;
    while (existsSync(`/proc/${id}`) && Date.now() < deadline) await sleep(100);
  }
  await killAll(dir);
  unmountAll(dir);
  rmSync(exec, { recursive: true, force: true });
  rmSync(pid, { force: true });
  const made = read(network);
  if (made !== undefined) removeNetwork(JSON.parse(made));
  rmSync(network, { force: true });
}

const networkOf = (dir) => JSON.parse(readFileSync(files(dir).network, 'utf8'));

/** What a host loses with its power: processes, mounts, networks, and what is in memory file systems. */
async function powerCut(dir) {
  await killAll(dir);
  unmountAll(dir);
  rmSync(files(dir).exec, { recursive: true, force: true });
  // Where engines keep it, /run, nothing outlives the power either; and its number may be somebody else's by now.
  rmSync(files(dir).pid, { force: true });
  emptyNetwork(networkOf(dir));
}

async function main(command, folder) {
  if (folder === undefined) throw new Error('usage: engine.mjs start|stop|power-cut|power-on DIR');
  const dir = resolve(folder);
  switch (command) {
    case 'start': {
      const engine = await startEngine(dir);
      return console.log(`export DOCKER_HOST=${engine.host}\n# its ports and containers: ${engine.inside.join(' ')} <command>`);
    }
    case 'stop': return stopEngine(dir);
    case 'power-cut': return powerCut(dir);
    case 'power-on': return startDaemon(dir, networkOf(dir));
    default: throw new Error(`unknown command ${command}`);
  }
}

if (process.argv[1] === import.meta.filename) await main(...process.argv.slice(2));
