import { get } from 'node:https';
import { trustedBy } from '../../services/trusted-by';

const TIMEOUT_MS = 30_000;

export interface IssuerCall {
  /** The host's authorities unless given. */
  readonly ca: Buffer | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Which status codes are an answer. */
  readonly isWell: (status: number) => boolean;
}

/** What an issuer of tokens answers at a URL of its own. */
export function askIssuer(url: string, { ca, headers = {}, isWell }: IssuerCall): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const call = get(url, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { ...headers }, ...(ca ? trustedBy(ca) : {}) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (isWell(response.statusCode ?? 0)) resolve(Buffer.concat(chunks).toString());
        else reject(new Error(`${url} answered with status ${response.statusCode ?? 0}`));
      });
    });
    call.on('error', reject);
  });
}
