import { badRequest, frameWatchEvent, isApiError, isExpired, notAcceptable, type Status } from '@navarch/apimachinery';
import { acceptListener, upgradeKind, UpgradeRefused, type WebSocketMessages } from '@navarch/streaming';
import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import { listOptions } from '../registry/list-options';
import { selectedName } from '../pipeline/selected-name';
import { Selection } from '../registry/selection';
import type { ServedResource } from '../registry/served-resource';
import type { WatchOutput } from '../watch/framing';
import type { WatchHub } from '../watch/watch-hub';
import type { Answers } from './answer';
import type { Exchange } from './exchange';
import { namespaceOf } from './handle-read';
import { encodeProtobuf } from '../codec/protobuf-body';
import { jsonFraming } from './json-framing';
import { PROTOBUF_WATCH_TYPE, protobufFraming } from './protobuf-framing';
import { baseHeaders, writeHead } from './respond';
import { answerOutput, jsonFrames, protobufFrames, watchOutput } from './watch-output';

/** What a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;

/** As a 406 names it; answers are called by their plain name. */
const JSON_WATCH_TYPE = 'application/json;stream=watch';

/** A watch over HTTP or WebSocket: a line of JSON or a message per event, until the timeout or the client ends it. */
export class WatchRoute {
  constructor(
    private readonly hub: WatchHub,
    private readonly answers: Answers,
    /** `--min-request-timeout`: a watch without a timeout lasts this long, or up to twice as long. */
    private readonly minTimeoutSeconds: number,
  ) {}

  /** As upstream: a timeout of 0 is none. */
  private lifeMs(asked: number | undefined): number {
    const seconds = asked === undefined || asked === 0 ? Math.round(this.minTimeoutSeconds * (1 + (process.hrtime()[1] % 1000) / 1000)) : asked;
    return Math.min(seconds * 1000, LONGEST_MS);
  }

  async handle(exchange: Exchange, served: ServedResource): Promise<void> {
    const options = listOptions(exchange.query, true);
    const selection = Selection.of(options.labelSelector, selectorOf(exchange.info.name, options.fieldSelector), served.fields, served.fieldReader);
    const representation = this.answers.representation(exchange, served.traits.codec);
    if (representation.format === 'yaml') throw notAcceptable([JSON_WATCH_TYPE, PROTOBUF_WATCH_TYPE]);
    const inProtobuf = representation.format === 'protobuf';
    const framing = inProtobuf ? protobufFraming(served, representation) : jsonFraming(served, representation, this.answers.tableFor(exchange, served, representation));
    const contentType = inProtobuf ? PROTOBUF_WATCH_TYPE : representation.contentType;
    const scope = { resource: served.store, namespace: namespaceOf(exchange, served), selection };
    const messages = await acceptedMessages(exchange, inProtobuf);
    const sink = messages ?? (exchange.response as unknown as Writable);

    await new Promise<void>((resolve, reject) => {
      const open = (): WatchOutput => {
        if (messages) {
          exchange.status = 101;
          return watchOutput(exchange, messages, inProtobuf ? protobufFrames : jsonFrames);
        }
        writeHead(exchange, 200, baseHeaders(exchange, contentType));
        // The client waits for the head before it trusts the watch, also when nothing happens.
        (exchange.response as { flushHeaders?: () => void }).flushHeaders?.();
        return answerOutput(exchange);
      };
      const begin = { resourceVersion: options.resourceVersion, sendInitialEvents: options.sendInitialEvents, bookmarks: options.allowWatchBookmarks, awaitsFuture: true };
      let timer: NodeJS.Timeout | undefined;
      const started = this.hub.watch(scope, framing, begin, open, () => {
        clearTimeout(timer);
        resolve();
      });
      started.then((watcher) => {
        exchange.onInitialized?.();
        if (watcher.ended) return;
        timer = setTimeout(() => watcher.end('timeout'), this.lifeMs(options.timeoutSeconds));
        timer.unref();
        if (sink.destroyed) watcher.end('client is gone');
        else sink.on('close', () => watcher.end('client is gone'));
      }, (error: unknown) => {
        if (!isApiError(error) || (!messages && !isExpired(error))) {
          messages?.destroy();
          reject(error instanceof Error ? error : new Error('watch failed', { cause: error }));
          return;
        }
        // As upstream: a watch that is allowed and understood begins, and fails by an event.
        const output = open();
        output.write(errorFrame(error.status, inProtobuf));
        output.end('failed');
        resolve();
      });
    });
  }
}

/** What a watch of one object, by its old path, selects. @throws badRequest when the client names another one */
function selectorOf(name: string, given: string): string {
  if (name === '') return given;
  if (given !== '' && selectedName(given) !== name) throw badRequest("fieldSelector metadata.name doesn't match requested name");
  return given === '' ? `metadata.name=${name}` : given;
}

/** The WebSocket that the client wants its events on, one a message; undefined for a plain answer. @throws badRequest */
async function acceptedMessages({ request, response, upgrade }: Exchange, inProtobuf: boolean): Promise<WebSocketMessages | undefined> {
  if (!upgrade || upgradeKind(request as IncomingMessage) !== 'websocket') return undefined;
  try {
    return await acceptListener(request as IncomingMessage, upgrade.socket, upgrade.head, inProtobuf ? 'binary' : 'text');
  } catch (error) {
    if (!(error instanceof Error) || error.name !== UpgradeRefused.name) throw error;
    for (const [name, value] of Object.entries((error as Error & Pick<UpgradeRefused, 'headers'>).headers)) response.setHeader(name, value);
    throw badRequest(error.message);
  }
}

function errorFrame(status: Status, inProtobuf: boolean): Buffer {
  if (!inProtobuf) return Buffer.from(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
  const body = encodeProtobuf({ group: '', version: 'v1', kind: 'Status' }, Buffer.from(JSON.stringify(status)));
  return frameWatchEvent('ERROR', body ?? Buffer.alloc(0));
}
