import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './private-node';

/** A device node in an image, as mknod makes it. */
export interface DeviceNode {
  readonly path: string;
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
}

/** Writes an image of busybox that carries device nodes, in the format of `docker save`; resolves with its path. Wants root. */
export async function deviceImage(folder: string, reference: string, devices: readonly DeviceNode[]): Promise<string> {
  const root = join(folder, 'rootfs');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'cat', 'head', 'wc']) await symlink('busybox', join(root, 'bin', name));
  for (const { path, type, major, minor } of devices) await run('mknod', '-m', '666', join(root, path), type, String(major), String(minor));
  const layer = join(folder, 'layer.tar');
  await run('tar', '-C', root, '--owner=0', '--group=0', '-cf', layer, '.');
  const digest = createHash('sha256').update(await readFile(layer)).digest('hex');
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: { Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
    }),
  );
  await writeFile(join(folder, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: [reference], Layers: ['layer.tar'] }]));
  await run('tar', '-C', folder, '-cf', join(folder, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar');
  return join(folder, 'image.tar');
}
