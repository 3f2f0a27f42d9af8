import type { HttpConnection } from './http-connection';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** One request and its whole answer as text: for the few that prepare a measurement. */
export function exchange(connection: HttpConnection, request: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let status = 0;
    const parts: Buffer[] = [];
    connection.send(request, {
      onHead: (code) => (status = code),
      onBody: (data) => parts.push(Buffer.from(data)),
      onEnd: () => resolve({ status, body: Buffer.concat(parts).toString() }),
    }, reject);
  });
}
