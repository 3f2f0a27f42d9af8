import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const tailBytes = 64 * 1024;
const longestText = 300;

/** What a log line complains of; undefined when it does not. */
function complaint(line: string): string | undefined {
  if (line.startsWith('{')) {
    try {
      const { level, msg, err, error } = JSON.parse(line) as { level?: string; msg?: string; err?: { message?: string }; error?: string };
      if (!['error', 'fatal', 'panic'].includes(level ?? '')) return undefined;
      const cause = err?.message ?? error;
      return [msg, cause].filter((part) => part !== undefined && part !== '').join(': ');
    } catch {
      return undefined; // the line is cut off
    }
  }
  const quoted = /level=(?:error|fatal|panic) msg="((?:[^"\\]|\\.)*)"(?: error="((?:[^"\\]|\\.)*)")?/.exec(line);
  if (quoted) return [quoted[1], quoted[2]].filter((part) => part !== undefined).join(': ').replaceAll('\\"', '"');
  // NATS' and Node's own; what a process prints before it has a logger.
  return /\[(?:ERR|FTL)\] (.*)/.exec(line)?.[1] ?? /^(?:\S+Error|Error|error|FATAL|fatal|panic)\b.*/.exec(line)?.[0];
}

/** The last thing a log complains of, in one line; its last words when it complains of nothing. */
export function lastError(file: string): string | undefined {
  const lines = tail(file).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  for (const line of lines.reverse()) {
    const text = complaint(line);
    if (text !== undefined && text !== '') return text.slice(0, longestText);
  }
  return lines[0]?.startsWith('{') === false ? lines[0].slice(0, longestText) : undefined;
}

function tail(file: string): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return ''; // it never ran
  }
  try {
    const { size } = fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString();
  } finally {
    closeSync(fd);
  }
}
