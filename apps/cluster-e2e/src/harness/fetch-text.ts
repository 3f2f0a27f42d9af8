import { get } from 'node:http';
import { get as getByTls } from 'node:https';

/** What a URL answers, over a connection of its own; by TLS whoever it is that answers. */
export const fetchText = (url: string): Promise<string> => new Promise((resolve, reject) => {
  const start = url.startsWith('https:') ? getByTls : get;
  start(url, { agent: false, timeout: 3_000, rejectUnauthorized: false }, (answer) => {
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    answer.on('end', () => resolve(text));
  }).on('error', reject);
});
