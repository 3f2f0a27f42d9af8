/** From tests: drivers of volumes and of dynamic resources as a process of their own, as a node has them. Says on a line each what it was asked. */
import { once } from 'node:events';
import { FakeDraDriver } from './fake-dra-driver';
import { TmpfsDriver } from './tmpfs-driver';

const [rootDir = ''] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const volumes = new TmpfsDriver(rootDir, 'tmpfs.example', (call) => say(`csi ${call}`));
const devices = new FakeDraDriver(rootDir, 'gpu.example.com', ['v1.DRAPlugin'], '', (call) => say(`dra ${call}`));

async function serve(): Promise<void> {
  await volumes.start();
  await devices.start();
  say('serving');
  // Its parent's end, or word, is its own.
  process.stdin.resume();
  await once(process.stdin, 'end');
  await volumes.stop();
  await devices.stop();
}

void serve();
