import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { type ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isCode } from '../error-text';
import { HttpError } from './http-error';

/** Shows the files of a directory, the node's logs: a list of a directory, a file as it is. What links lead out of it to is not shown. */
export async function serveNodeLogs(root: string, path: string, response: ServerResponse): Promise<void> {
  const found = await insideLogs(root, path);
  if (found === undefined) throw new HttpError(404, '404 page not found\n');
  const about = await stat(found);
  if (about.isDirectory()) {
    const entries = await readdir(found, { withFileTypes: true });
    const lines = entries
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .sort()
      .map((name) => `<a href="${encodeURIComponent(name).replace(/%2F$/, '/')}">${escapeHtml(name)}</a>\n`);
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(`<pre>\n${lines.join('')}</pre>\n`);
    return;
  }
  if (!about.isFile()) throw new HttpError(404, '404 page not found\n');
  response.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
  // A log grows meanwhile: what it was at the beginning is what is shown.
  if (about.size === 0) response.end();
  else await pipeline(createReadStream(found, { end: about.size - 1 }), response);
}

/** The file or directory of a name; undefined where there is none, or where links lead out of the directory. */
export async function insideLogs(root: string, path: string): Promise<string | undefined> {
  try {
    const base = await realpath(root);
    const found = await realpath(join(base, path));
    return found === base || found.startsWith(`${base}${sep}`) ? found : undefined;
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !isCode(error, 'ENOTDIR')) throw error;
    return undefined;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
