import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What no layer of an image may hold: keys and credentials themselves, not the words that programs use for them. */
const secretForms: Readonly<Record<string, RegExp>> = {
  'a private key': /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/=]{60,}/g,
  'a registry token': /\/\/[\w.-]+\/:_(?:authToken|password|auth)=\S{8,}/g,
  'credentials in a URL': /https?:\/\/[\w.-]+:[^@\s/"'`<>{}$]{12,}@(?!example)[\w-]+\.[\w.-]+/g,
  'a NATS seed': /(?<![A-Z2-7])S[OAU][A-Z2-7]{56}(?![A-Z2-7])/g,
  'a kubeconfig with a key': /client-key-data: "?[A-Za-z0-9+/=]{60,}/g,
};

/** What GnuTLS, which Debian's packages bring, tries itself with: keys that everybody knows. */
const knownTo = /gnutls_\w*self_test/;

export interface Finding {
  readonly what: string;
  /** Where in the stream of layers, to find the file by. */
  readonly context: string;
}

/** Longer than any form, and than what is before it: what crosses two chunks is seen in the second, with all that stands before it. */
const overlap = 4_096;

/** Reads every layer of the images once, as `docker save` tells them, their history and environment too. */
export async function scanImages(images: readonly string[]): Promise<{ readonly bytes: number; readonly findings: readonly Finding[] }> {
  const child = spawn('docker', ['save', ...images], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const findings = new Map<string, Finding>();
  let [bytes, rest] = [0, ''];
  for await (const chunk of child.stdout) {
    bytes += (chunk as Buffer).length;
    const text = rest + (chunk as Buffer).toString('latin1');
    for (const [what, form] of Object.entries(secretForms)) {
      for (const found of text.matchAll(form)) {
        // It was whole in the chunk before, where more of what is before it is known.
        if (rest.length === 2 * overlap && found.index < overlap) continue;
        const context = text.slice(Math.max(0, found.index - overlap), found.index);
        if (!knownTo.test(context)) findings.set(what + found[0], { what, context: (context.slice(-300) + found[0].slice(0, 80)).replace(/[^\x20-\x7e]+/g, ' ') });
      }
    }
    rest = text.slice(-2 * overlap);
  }
  const [code] = (await exit) as [number];
  if (code !== 0) throw new Error(`docker save ended with ${code}`);
  return { bytes, findings: [...findings.values()] };
}
