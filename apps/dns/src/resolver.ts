import { AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, RECURSION_DESIRED, type Answer, type Packet, type Question } from 'dns-packet';
import type { ClusterRecords } from './cluster-records';
import type { Forwarder } from './forwarder';

export const responseCode = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

/** dns-packet keeps the response code in the low bits of the flags. */
const withCode = (flags: number, code: number): number => (flags & 0xfff0) | code;

/** 0 is a plain query. */
const opcodeOf = (packet: Packet): number => ((packet.flags ?? 0) >> 11) & 0xf;

export interface ResolverOptions {
  readonly domain: string;
  readonly ttlSeconds: number;
  /** How long clients may remember that a name does not exist. */
  readonly negativeTtlSeconds: number;
}

/** One question in, one answer out: the cluster's own names from what is known here, all others from the servers outside. */
export class Resolver {
  constructor(private readonly options: ResolverOptions, private readonly deps: { readonly records: ClusterRecords; readonly forwarder: Forwarder }) {}

  async answer(query: Packet, raw: Buffer): Promise<Packet | Buffer> {
    const question = query.questions?.[0];
    if (question === undefined || query.questions?.length !== 1) return this.#reply(query, responseCode.formatError);
    if (opcodeOf(query) !== 0) return this.#reply(query, responseCode.notImplemented);
    const own = this.deps.records.resolve(question.name, question.type);
    if (own === undefined) return this.#forward(query, raw);
    if (own.kind === 'no-such-name') return this.#reply(query, responseCode.noSuchName, { authorities: [this.#authority()] });
    const answers = await this.#followAlias(question, own.answers);
    return this.#reply(query, responseCode.noError, { answers, additionals: own.additionals, ...(answers.length === 0 ? { authorities: [this.#authority()] } : {}) });
  }

  /** An ExternalName leads outside: clients want the address too. */
  async #followAlias(question: Question, answers: Answer[]): Promise<Answer[]> {
    const alias = answers.find((answer) => answer.type === 'CNAME');
    if (alias?.type !== 'CNAME' || question.type === 'CNAME') return answers;
    const own = this.deps.records.resolve(alias.data, question.type);
    if (own?.kind === 'found') return [...answers, ...own.answers];
    if (own !== undefined) return answers;
    const outside = await this.deps.forwarder.lookup({ ...question, name: alias.data });
    return [...answers, ...(outside ?? [])];
  }

  async #forward(query: Packet, raw: Buffer): Promise<Packet | Buffer> {
    const answer = await this.deps.forwarder.forward(raw, query);
    return answer ?? this.#reply(query, responseCode.serverFailure);
  }

  #reply(query: Packet, code: number, sections: Pick<Packet, 'answers' | 'authorities' | 'additionals'> = {}): Packet {
    const flags = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | ((query.flags ?? 0) & RECURSION_DESIRED);
    return { type: 'response', ...(query.id === undefined ? {} : { id: query.id }), flags: withCode(flags, code), questions: query.questions ?? [], ...sections };
  }

  /** Tells for how long a "no" may be remembered. */
  #authority(): Answer {
    const { domain, ttlSeconds, negativeTtlSeconds } = this.options;
    return {
      name: domain, type: 'SOA', class: 'IN', ttl: ttlSeconds,
      data: { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, serial: 1, refresh: 7200, retry: 1800, expire: 86400, minimum: negativeTtlSeconds },
    };
  }
}
