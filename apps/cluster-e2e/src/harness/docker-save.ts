import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { OciImage } from '@navarch/testing';
import { must } from './shell';

/** Writes the same image as `docker save` would. */
export async function dockerSave(image: OciImage, tag: string, path: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'navarch-save-'));
  const config = `${image.config.digest.slice('sha256:'.length)}.json`;
  const layers = image.layers.map((_, index) => `layer-${index}.tar`);
  writeFileSync(join(dir, config), image.blob(image.config.digest));
  image.layers.forEach(({ digest }, index) => writeFileSync(join(dir, layers[index] ?? ''), gunzipSync(image.blob(digest))));
  writeFileSync(join(dir, 'manifest.json'), JSON.stringify([{ Config: config, RepoTags: [tag], Layers: layers }]));
  await must('tar', ['-C', dir, '-cf', path, config, ...layers, 'manifest.json']);
  rmSync(dir, { recursive: true });
}
