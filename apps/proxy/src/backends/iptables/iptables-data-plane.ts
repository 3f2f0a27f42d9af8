import type { IpFamily } from '@navarch/apimachinery';
import type { proxyv1 } from '@navarch/proto';
import type { Backend, DataPlane, DataPlaneOptions } from '../data-plane';
import { familyWords, type FamilyWords } from '../family-words';
import { CommandFailure, type RunCommand } from '../run-command';
import { allChains, jumps, leftChains, restoreScript, type ChainOptions, type Chains, type Jump, type Table } from './chains';
import { containsLoopback, openedChain, routeLoopback, routesLoopback } from './localhost-ports';
import { portRules, type PortRules } from './port-rules';

const tables: readonly Table[] = ['filter', 'nat'];
/** Another program may hold iptables' lock. */
const lockSeconds = '5';
/** Exit codes of iptables: what was asked for is not there, and what was asked makes no sense. */
const [absentCode, misunderstoodCode] = [1, 2];
const hasCode = (error: unknown, code: number): boolean => error instanceof CommandFailure && error.exitCode === code;

/** iptables by its own programs: chains a service port, of which only those that differ are written. */
class IptablesDataPlane implements DataPlane {
  readonly name = 'iptables';
  #ports = new Map<string, PortRules>();
  #installed: Record<Table, Chains> = { nat: new Map(), filter: new Map() };
  #localhost: ChainOptions['localhost'];

  readonly #words: FamilyWords;

  constructor(private readonly options: DataPlaneOptions) {
    this.#words = familyWords[options.family];
  }

  async sync(request: proxyv1.SyncRequest): Promise<void> {
    const { run, clusterCidrs, nodePortAddresses, tcpBeLiberal, onRules } = this.options;
    const words = this.#words;
    const ports = request.reset ? new Map<string, PortRules>() : new Map(this.#ports);
    for (const id of request.remove) ports.delete(id);
    for (const port of request.upsert) ports.set(port.id, portRules(port, clusterCidrs));
    const installed = request.reset ? await leftovers(words, run) : this.#installed;
    if (request.reset) this.#localhost = await this.#localhostPorts(installed.filter.has(openedChain));
    const wanted = allChains(words, ports.values(), { nodePortAddresses, tcpBeLiberal, localhost: this.#localhost });
    const scripts = tables.map((table) => ({ table, script: restoreScript(table, installed[table], wanted[table]) }));
    const script = scripts.map((each) => each.script).join('');
    if (script !== '') await run(`${words.iptables}-restore`, ['-w', lockSeconds, '--noflush'], script);
    if (request.reset) await ensureJumps(words, run);
    // Its guard stands by now.
    if (request.reset && this.#localhost !== undefined) await routeLoopback(run, true);
    this.#ports = ports;
    this.#installed = wanted;
    for (const each of scripts) onRules?.(each.table, [...wanted[each.table].values()].flat().length, each.script.match(/^-A /gm)?.length ?? 0);
  }

  /** @param opened whether an earlier run made the kernel route loopback addresses */
  async #localhostPorts(opened: boolean): Promise<ChainOptions['localhost']> {
    const { run, family, nodePortAddresses, localhostNodePorts, log } = this.options;
    if (localhostNodePorts !== true || !containsLoopback(family, nodePortAddresses)) {
      if (opened) await routeLoopback(run, false);
      return undefined;
    }
    try {
      return { opened: !(await routesLoopback(run)) || opened };
    } catch (error) {
      log?.warn({ err: error }, 'the kernel cannot be made to route loopback addresses: node ports are not served on them');
      return undefined;
    }
  }

  /** A flush takes all of a table's chains. */
  async isThere(): Promise<boolean> {
    const first = tables.map((table) => jumps.find((jump) => jump.table === table)).filter((jump) => jump !== undefined);
    return (await Promise.all(first.map((jump) => isJumpThere(this.#words, this.options.run, jump)))).every((there) => there);
  }
}

/**
 * Whether a rule stands in one of the kernel's own chains. Rejects where that cannot be told, as while another program holds the lock: only iptables' own word that there
 * is no such rule counts, and where it does not even know the chain that the rule leads to, its word that there is none.
 */
async function isJumpThere({ iptables: program }: FamilyWords, run: RunCommand, { table, from, rule }: Jump): Promise<boolean> {
  const ask = (...args: string[]): Promise<string> => run(program, ['-w', lockSeconds, '-t', table, ...args]);
  try {
    await ask('-C', from, ...rule.split(' '));
    return true;
  } catch (error) {
    if (hasCode(error, absentCode)) return false;
    if (!hasCode(error, misunderstoodCode)) throw error;
    const isChainGone = await ask('-S', rule.split(' ').at(-1) ?? '').then(() => false, (reason: unknown) => hasCode(reason, absentCode));
    if (!isChainGone) throw error;
    return false;
  }
}

/** Chains of an earlier run, as if they were empty of rules: all are written anew, and those no longer wanted go. */
async function leftovers({ iptables: program }: FamilyWords, run: RunCommand): Promise<Record<Table, Chains>> {
  const found: Record<Table, Chains> = { nat: new Map(), filter: new Map() };
  for (const table of tables) found[table] = new Map(leftChains(await run(`${program}-save`, ['-t', table])).map((chain) => [chain, ['an earlier run']]));
  return found;
}

/** Where one of those from a chain is missing, all from it are put there anew: each before what is there, so that their order is ours. */
async function ensureJumps(words: FamilyWords, run: RunCommand): Promise<void> {
  const change = (verb: string, { table, from, rule }: Jump): Promise<unknown> => run(words.iptables, ['-w', lockSeconds, '-t', table, verb, from, ...rule.split(' ')]);
  for (const place of new Set(jumps.map(({ table, from }) => `${table} ${from}`))) {
    const together = jumps.filter(({ table, from }) => place === `${table} ${from}`);
    const found = await Promise.all(together.map(async (jump) => ({ jump, there: await isJumpThere(words, run, jump) })));
    if (found.every((each) => each.there)) continue;
    for (const each of found) if (each.there) await change('-D', each.jump);
    for (const { jump } of found) await change('-I', jump);
  }
}

/** Jumps go before the chains they lead to. */
async function cleanUp(run: RunCommand, family: IpFamily): Promise<void> {
  const words = familyWords[family];
  for (const table of tables) {
    const saved = await run(`${words.iptables}-save`, ['-t', table]);
    const left = leftChains(saved);
    if (left.length === 0) continue;
    // Before its guard goes.
    if (left.includes(openedChain)) await routeLoopback(run, false);
    const leading = saved.split('\n').filter((line) => line.startsWith('-A ') && !line.startsWith('-A NAVARCH-') && / -[jg] NAVARCH-/.test(line));
    const lines = [`*${table}`, ...left.map((chain) => `:${chain} - [0:0]`), ...leading.map((line) => line.replace(/^-A/, '-D')), ...left.map((chain) => `-X ${chain}`), 'COMMIT\n'];
    await run(`${words.iptables}-restore`, ['-w', lockSeconds, '--noflush'], lines.join('\n'));
  }
}

export const iptables: Backend = { create: (options) => new IptablesDataPlane(options), cleanUp };
