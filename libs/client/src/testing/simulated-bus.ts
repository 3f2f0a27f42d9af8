import type { BusSubscription, ChangeFeed, ChangeHandler, ClassTokens } from '@navarch/bus';
import type { Clock, Timer } from '@navarch/clock';
import { changev1, objectv1 } from '@navarch/proto';
import { jsonBytes } from '../object-class';
import type { SimulatedApi, SimulatedEvent } from './simulated-api';

interface Subscriber {
  readonly of: ClassTokens;
  readonly handler: ChangeHandler;
}

export interface SimulatedMessage {
  readonly bookmark: boolean;
  readonly resource: string;
  readonly node: string;
  readonly change: changev1.Change;
}

/** Core NATS in memory; `fault` decides what becomes of each message: it may deliver it once, twice, later or never. */
export class SimulatedBus implements ChangeFeed {
  connected = true;
  fault: (deliver: () => void) => void = (deliver) => deliver();
  readonly #subscribers = new Set<Subscriber>();
  readonly #listeners = new Set<(connected: boolean) => void>();

  onConnection(listener: (connected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  subscribeChanges(of: ClassTokens, handler: ChangeHandler): BusSubscription {
    const subscriber = { of, handler };
    this.#subscribers.add(subscriber);
    return { unsubscribe: () => this.#subscribers.delete(subscriber) };
  }

  setConnected(connected: boolean): void {
    if (this.connected === connected) return;
    this.connected = connected;
    for (const listener of [...this.#listeners]) listener(connected);
  }

  /** More than a subscriber's queue holds. */
  overflow(): void {
    for (const subscriber of [...this.#subscribers]) {
      this.#subscribers.delete(subscriber);
      subscriber.handler.onOverflow();
    }
  }

  publish(message: SimulatedMessage): void {
    this.fault(() => {
      if (!this.connected) return;
      for (const { of, handler } of [...this.#subscribers]) {
        if (`${of.group}/${of.resource}` !== message.resource) continue;
        if (message.bookmark ? (of.node ?? '') !== message.node : of.node !== undefined && of.node !== message.node) continue;
        if (message.bookmark) handler.onBookmark(message.change);
        else handler.onChange(message.change);
      }
    });
  }
}

/** What an apiserver publishes of its changes, by rules 3.1 and 3.3. */
export class SimulatedPublisher {
  completeness: () => changev1.Completeness = () => changev1.Completeness.FULL;
  readonly #api: SimulatedApi;
  readonly #bus: SimulatedBus;
  readonly #clock: Clock;
  readonly #classes: readonly ClassTokens[];
  readonly #last = new Map<string, number>();
  #start: number;
  /** What this apiserver has seen; behind the truth while it is paused. */
  #seen: number;
  #paused: SimulatedEvent[] | undefined;
  #forget: () => void;
  #timer: Timer | undefined;
  #second = 0;

  constructor(api: SimulatedApi, bus: SimulatedBus, clock: Clock, classes: readonly ClassTokens[]) {
    this.#api = api;
    this.#bus = bus;
    this.#clock = clock;
    this.#classes = classes;
    this.#start = api.version;
    this.#seen = api.version;
    this.#forget = api.onEvent((event) => {
      if (this.#paused) this.#paused.push(event);
      else this.#publish(event);
    });
    this.#tick();
  }

  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const events = this.#paused ?? [];
    this.#paused = undefined;
    for (const event of events) this.#publish(event);
  }

  /** Forgets everything but the present version. */
  restart(): void {
    this.#paused = undefined;
    this.#last.clear();
    this.#start = this.#seen = this.#api.version;
  }

  stop(): void {
    this.#forget();
    this.#timer?.cancel();
  }

  #tick(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#tick();
      this.#second++;
      if (this.#paused === undefined) this.#seen = this.#api.version;
      for (const of of this.#classes) if (of.node === undefined || this.#second % 10 === 0) this.#bookmark(of);
    }, 1000);
  }

  #bookmark(of: ClassTokens): void {
    const node = of.node ?? '';
    const resource = `${of.group}/${of.resource}`;
    const prev = BigInt(this.#last.get(`${resource}/${node}`) ?? this.#start);
    this.#bus.publish({ bookmark: true, resource, node, change: this.#message({ prev, rv: BigInt(this.#seen) }) });
  }

  #publish(event: SimulatedEvent): void {
    const node = event.resource === '/pods' ? ((event.object as { spec?: { nodeName?: string } }).spec?.nodeName ?? '') : '';
    const wholeClass = `${event.resource}/`;
    const nodeClass = `${event.resource}/${node}`;
    const prev = BigInt(this.#last.get(wholeClass) ?? this.#start);
    const prevNode = node === '' ? 0n : BigInt(this.#last.get(nodeClass) ?? this.#start);
    this.#last.set(wholeClass, event.rv);
    if (node !== '') this.#last.set(nodeClass, event.rv);
    this.#seen = Math.max(this.#seen, event.rv);
    const completeness = this.completeness();
    const { metadata, ...rest } = event.object;
    const body = {
      [changev1.Completeness.FULL]: { ...rest, metadata },
      [changev1.Completeness.METADATA]: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata },
    }[completeness as 1 | 2] as object | undefined;
    const [group = '', resource = ''] = event.resource.split('/');
    const key: objectv1.ObjectKey = { resource: { group, version: 'v1', resource }, namespace: event.namespace, name: event.name };
    const change = this.#message({ prev, prevNode, rv: BigInt(event.rv), type: event.type, key, uid: metadata.uid ?? '', completeness, body: body === undefined ? Buffer.alloc(0) : jsonBytes(body) });
    this.#bus.publish({ bookmark: false, resource: event.resource, node, change });
  }

  #message(part: Partial<changev1.Change>): changev1.Change {
    return {
      epoch: this.#api.epoch,
      prev: 0n,
      prevNode: 0n,
      rv: 0n,
      type: objectv1.EventType.BOOKMARK,
      key: undefined,
      uid: '',
      completeness: changev1.Completeness.UNSPECIFIED,
      body: Buffer.alloc(0),
      ...part,
    };
  }
}
