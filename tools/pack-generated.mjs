// Has generated services write their messages with the one writer of libs/proto: the plug-in lets each grow a buffer of its own, and copies it once more.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const root = 'libs/proto/src';
const copied = /Buffer\.from\((\w+)\.encode\(value\)\.finish\(\)\)/g;

for (const file of readdirSync(join(root, 'gen'), { recursive: true })) {
  const path = join(root, 'gen', file);
  if (!path.endsWith('.ts')) continue;
  const text = readFileSync(path, 'utf8');
  const written = text.replaceAll(copied, 'packed($1, value)');
  if (written === text) continue;
  const from = relative(dirname(path), join(root, 'message-packer')).replaceAll('\\', '/');
  // After the last import.
  writeFileSync(path, written.replace(/((?:^import [^;]*;\n)+)/m, `$1import { packed } from "${from}";\n`));
}
