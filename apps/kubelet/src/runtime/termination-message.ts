import { type FileHandle } from 'node:fs/promises';
import { type runtimev1 } from '@navarch/proto';
import { errorText } from '../error-text';
import { parseLogLine } from '../logs/cri-log-line';
import { openRegular } from '../volumes/regular-file';
import { terminationMessagePathAnnotation, terminationMessagePolicyAnnotation } from './labels';

/** Upstream's limits. */
const maxMessageBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/** What the runtime says of a container's end, and what it left to say itself: its termination message file, else (by its policy) the end of its log. */
export async function terminationMessage(status: runtimev1.ContainerStatus): Promise<string> {
  return [status.message, await ownWords(status)].filter((text) => text !== '').join(': ');
}

async function ownWords(status: runtimev1.ContainerStatus): Promise<string> {
  const path = status.annotations[terminationMessagePathAnnotation];
  const mount = path === undefined || path === '' ? undefined : status.mounts.find((candidate) => candidate.containerPath === path);
  if (mount) {
    const text = await readEnd(mount.hostPath, maxMessageBytes);
    if (text !== '') return text;
  }
  const fallsBack = status.annotations[terminationMessagePolicyAnnotation] === 'FallbackToLogsOnError';
  if (fallsBack && status.exitCode !== 0 && status.logPath !== '') {
    return endOfLog(status.logPath);
  }
  return '';
}

async function endOfLog(path: string): Promise<string> {
  // Each line carries a time stamp and tags besides its text.
  const lines = (await readEnd(path, maxLogBytes * 4)).split('\n').filter((line) => line !== '');
  const texts = lines.slice(-maxLogLines).map((line) => {
    const parsed = parseLogLine(Buffer.from(line));
    return parsed ? parsed.content.toString('utf8') + (parsed.partial ? '' : '\n') : '';
  });
  return Buffer.from(texts.join('')).subarray(-maxLogBytes).toString('utf8');
}

async function readEnd(path: string, maxBytes: number): Promise<string> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    return `Error on reading termination log ${path}: ${errorText(error)}`;
  }
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
