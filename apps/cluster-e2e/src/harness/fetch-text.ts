import { get } from 'node:http';

/** What a URL answers, over a connection of its own. */
export const fetchText = (url: string): Promise<string> => new Promise((resolve, reject) => {
  get(url, { agent: false, timeout: 3_000 }, (answer) => {
    let text = '';
    answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    answer.on('end', () => resolve(text));
  }).on('error', reject);
});
