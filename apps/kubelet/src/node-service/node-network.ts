interface InterfaceCounters {
  name: string;
  rxBytes: number;
  rxErrors: number;
  txBytes: number;
  txErrors: number;
}

/** A node's network in /stats/summary; the counters beside the list are those of `eth0`, where there is one. */
export interface NodeNetworkStats extends Partial<InterfaceCounters> {
  time: string;
  interfaces: InterfaceCounters[];
}

/** Interfaces that upstream's cAdvisor passes over: the node's own loop, and those of its pods. */
const passedOver = /^(lo|veth|docker|nerdctl)/;
const main = 'eth0';

/** Reads /proc/net/dev: two lines of headings, then eight counters of what came in and eight of what went out. */
export function nodeNetwork(text: string, time: string): NodeNetworkStats {
  const interfaces = text.split('\n').slice(2).flatMap((line): InterfaceCounters[] => {
    const [, name, counters] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || counters === undefined || passedOver.test(name)) return [];
    const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = counters.split(/\s+/).map(Number);
    return [{ name, rxBytes, rxErrors, txBytes, txErrors }];
  });
  return { time, ...interfaces.find(({ name }) => name === main), interfaces };
}
