import { AUTHORITATIVE_ANSWER, RECURSION_AVAILABLE, RECURSION_DESIRED, type Answer, type Packet, type Question } from 'dns-packet';
import type { ClusterRecords } from './cluster-records';
import type { Forwarder } from './forwarder';

export const responseCode = { noError: 0, formatError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

/** dns-packet keeps the response code in the low bits of the flags. */
const withCode = (flags: number, code: number): number => (flags & 0xfff0) | code;

/** RFC 6891: an EDNS version that we do not speak; its high bits travel in the OPT record. */
const badVersion = 16;
const ednsBytes = 1232;

interface Edns {
  readonly udpPayloadSize?: number;
  readonly ednsVersion?: number;
  readonly flag_do?: boolean;
}

/** What a server says of itself by EDNS, with the high bits of a response code. */
export const ednsRecord = (code: number): Answer =>
  ({ type: 'OPT', name: '.', udpPayloadSize: ednsBytes, extendedRcode: code >> 4, ednsVersion: 0, flags: 0, flag_do: false, options: [] }) as unknown as Answer;

export const ednsOf = (query: Packet): Edns | undefined => query.additionals?.find((record) => record.type === 'OPT');

/** 0 is a plain query. */
const opcodeOf = (packet: Packet): number => ((packet.flags ?? 0) >> 11) & 0xf;

export interface ResolverOptions {
  /** How long clients may remember that a name does not exist. */
  readonly negativeTtlSeconds: number;
}

export interface Answered {
  /** Made of the cluster alone: the same until that changes. */
  readonly ours: boolean;
  /** Bytes as another server gave them. */
  readonly message: Packet | Buffer;
}

/** One question in, one answer out: the cluster's own names from what is known here, all others from the servers outside. */
export class Resolver {
  constructor(private readonly options: ResolverOptions, private readonly deps: { readonly records: ClusterRecords; readonly forwarder: Pick<Forwarder, 'forward' | 'lookup'> }) {}

  async answer(query: Packet, raw: Buffer): Promise<Answered> {
    const own = this.#own(query);
    return own === undefined ? { ours: false, message: await this.#forward(query, raw) } : { ours: !(own instanceof Promise), message: await own };
  }

  /** Undefined for names that are not ours; a promise where an alias leads outside. */
  #own(query: Packet): Packet | Promise<Packet> | undefined {
    const question = query.questions?.[0];
    if (question === undefined || query.questions?.length !== 1) return this.#reply(query, responseCode.formatError);
    if (opcodeOf(query) !== 0) return this.#reply(query, responseCode.notImplemented);
    if ((ednsOf(query)?.ednsVersion ?? 0) > 0) return this.#reply(query, badVersion);
    if (question.class !== 'IN') return this.#reply(query, responseCode.refused);
    const own = this.deps.records.resolve(question.name, question.type);
    if (own === undefined) return undefined;
    if (own.kind === 'no-such-name') return this.#reply(query, responseCode.noSuchName, { authorities: [this.#authority()] });
    const reply = (answers: Answer[]): Packet =>
      this.#reply(query, responseCode.noError, {
        answers,
        additionals: own.additionals,
        ...(answers.length === 0 ? { authorities: [this.#authority()] } : {}),
      });
    const isAlias = own.answers.some(({ type }) => type === 'CNAME') && question.type !== 'CNAME';
    return isAlias ? this.#followAlias(question, own.answers).then(reply) : reply(own.answers);
  }

  /** An ExternalName leads outside: clients want the address too. */
  async #followAlias(question: Question, answers: Answer[]): Promise<Answer[]> {
    const alias = answers.find((answer) => answer.type === 'CNAME');
    if (alias?.type !== 'CNAME') return answers;
    const own = this.deps.records.resolve(alias.data, question.type);
    if (own?.kind === 'found') return [...answers, ...own.answers];
    if (own !== undefined) return answers;
    const outside = await this.deps.forwarder.lookup({ ...question, name: alias.data });
    return [...answers, ...(outside ?? [])];
  }

  async #forward(query: Packet, raw: Buffer): Promise<Packet | Buffer> {
    const answer = await this.deps.forwarder.forward(raw, query);
    return answer ?? this.#reply(query, responseCode.serverFailure, {}, 0);
  }

  #reply(query: Packet, code: number, sections: Pick<Packet, 'answers' | 'authorities' | 'additionals'> = {}, authority = AUTHORITATIVE_ANSWER): Packet {
    const flags = authority | RECURSION_AVAILABLE | ((query.flags ?? 0) & RECURSION_DESIRED);
    const edns = ednsOf(query);
    return {
      type: 'response', ...(query.id === undefined ? {} : { id: query.id }), flags: withCode(flags, code & 0xf), questions: query.questions ?? [], ...sections,
      additionals: [...(sections.additionals ?? []), ...(edns === undefined ? [] : [ednsRecord(code)])],
    };
  }

  /** Tells for how long a "no" may be remembered. */
  #authority(): Answer {
    return this.deps.records.authority(this.options.negativeTtlSeconds);
  }
}
