/** By hand or from tests: one back end in the network namespace it is started in, told by lines of JSON; an empty object asks whether its rules are there. */
import { createInterface } from 'node:readline';
import { systemClock } from '@navarch/clock';
import { proxyv1 } from '@navarch/proto';
import { ConntrackDataPlane } from '../../conntrack/conntrack-data-plane';
import { cleanUpOthers, createBackend, ExclusiveDataPlane, type BackendOptions, type ProxyMode } from '../backends';
import { kernelFamilies } from '../kernel-families';
import { withNftSession } from '../nftables/nft-session';
import { runCommand } from '../run-command';

const [mode, text] = process.argv.slice(2) as [ProxyMode, string];
const { serviceRanges = [], ...options } = JSON.parse(text) as Omit<BackendOptions, 'run' | 'clock' | 'serviceRanges'> & { readonly serviceRanges?: readonly string[] };
const log = { debug: () => undefined, warn: (fields: object, message = '') => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) };
const kernel = kernelFamilies();
const plane = new ExclusiveDataPlane(
  new ConntrackDataPlane(createBackend(mode, { ...options, serviceRanges: () => serviceRanges, run: withNftSession(runCommand, log).run, clock: systemClock }, kernel, log), runCommand, log),
  () => cleanUpOthers(mode, runCommand, kernel, log),
);

async function serve(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const failed = (error: unknown): string => String(error);
    const answer = line === '{}' ? { isThere: await plane.isThere().catch(failed) } : { failure: await plane.sync(proxyv1.SyncRequest.fromJSON(JSON.parse(line))).then(() => '', failed) };
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
  await plane.close();
}

void serve();
