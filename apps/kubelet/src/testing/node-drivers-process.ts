/** From tests: drivers of volumes and of dynamic resources, and a device plug-in, as a process of their own, as a node has them. Says on a line each what it was asked. */
import { once } from 'node:events';
import { join } from 'node:path';
import { FakeDevicePlugin } from './fake-device-plugin';
import { FakeDraDriver } from './fake-dra-driver';
import { TmpfsDriver } from './tmpfs-driver';

const [rootDir = ''] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const volumes = new TmpfsDriver(rootDir, 'tmpfs.example', (call) => say(`csi ${call}`));
const devices = new FakeDraDriver(rootDir, 'gpu.example.com', ['v1.DRAPlugin'], '', (call) => say(`dra ${call}`));
const plugin = new FakeDevicePlugin(join(rootDir, 'device-plugins'), 'example.com/null', {}, (call) => say(`device ${call}`));
plugin.set('null0', 'null1', '-null2');

async function serve(): Promise<void> {
  await volumes.start();
  await devices.start();
  await plugin.start();
  say('serving');
  // Its parent's end, or word, is its own.
  process.stdin.resume();
  await once(process.stdin, 'end');
  await volumes.stop();
  await devices.stop();
  await plugin.stop();
}

void serve();
