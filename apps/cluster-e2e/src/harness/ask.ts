import { get } from 'node:http';
import { get as getSecure } from 'node:https';

export interface Answer {
  readonly code: number;
  readonly text: string;
  readonly certificate?: string;
}

/** As curl does it with a Host header, and with --resolve for TLS. */
export function ask(host: string, port: number, name: string, secure = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host, port, path: '/', headers: { host: name }, agent: false, timeout: 2_000 };
    const call = secure ? getSecure({ ...options, servername: name, rejectUnauthorized: false }) : get(options);
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.on('error', reject);
    call.on('response', (answer) => {
      const certificate = 'getPeerCertificate' in answer.socket ? (answer.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate().subject.CN : undefined;
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ code: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString(), ...(certificate === undefined ? {} : { certificate }) }));
    });
  });
}
