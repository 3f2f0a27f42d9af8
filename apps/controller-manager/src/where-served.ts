import { rest } from '@navarch/clock';
import type { KubeObject, ResourceType } from '@navarch/api';
import { isNotFound } from '@navarch/apimachinery';
import type { ControllerContext } from './context';
import type { RunningController } from './running-controller';

/** How long to wait before an apiserver that gave no answer is asked again. */
const RETRY_MS = 10_000;

/** The first of several versions of a kind that the apiserver serves; undefined if it serves none. */
async function firstServed<T extends KubeObject>(types: readonly ResourceType<T>[], { api }: ControllerContext, signal: AbortSignal): Promise<ResourceType<T> | undefined> {
  for (const type of types) {
    const isServed = await api.list(type, { signal }).then(() => true, (error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    });
    if (isServed) return type;
  }
  return undefined;
}

export interface ServedSetup<T extends KubeObject> {
  readonly name: string;
  /** Versions of the kind, the preferred one first. */
  readonly types: readonly ResourceType<T>[];
  readonly create: (context: ControllerContext, type: ResourceType<T>) => RunningController;
  /**
   * Other kinds that it reads, always served: they are asked for in full before it is known whether the controller runs, since
   * nobody gets in full what was first asked for as metadata only.
   */
  readonly reads?: readonly ResourceType<KubeObject>[];
  /** What runs where the kind is not served. */
  readonly otherwise?: (context: ControllerContext) => RunningController;
}

/**
 * A controller of a kind that apiservers serve only when they are told to (`--runtime-config`). It works where the kind is served, in the first
 * of the given versions, and else does nothing. Upstream decides the same at its start, by feature gates and by what is served.
 */
class WhereServed<T extends KubeObject> implements RunningController {
  readonly name: string;
  readonly #setup: ServedSetup<T>;
  readonly #context: ControllerContext;
  readonly #stopping = new AbortController();
  #inner: RunningController | undefined;

  constructor(setup: ServedSetup<T>, context: ControllerContext) {
    this.name = setup.name;
    this.#setup = setup;
    this.#context = context;
    for (const type of setup.reads ?? []) context.sources.informer(type);
  }

  async start(): Promise<void> {
    const { create, otherwise } = this.#setup;
    const asked = await this.#ask();
    if (asked === undefined) return;
    if (asked.type === undefined && otherwise === undefined) this.#context.log.info({ controller: this.name }, 'controller off: its API is not served');
    this.#inner = asked.type === undefined ? otherwise?.(this.#context) : create(this.#context, asked.type);
    await this.#inner?.start();
  }

  /** The version that is served; undefined if it was stopped before there was an answer. */
  async #ask(): Promise<{ readonly type: ResourceType<T> | undefined } | undefined> {
    const { clock, log } = this.#context;
    const { signal } = this.#stopping;
    const stopping = (): boolean => signal.aborted;
    while (!stopping()) {
      try {
        const type = await firstServed(this.#setup.types, this.#context, signal);
        return stopping() ? undefined : { type };
      } catch (error) {
        if (stopping()) return undefined;
        log.warn({ err: error, controller: this.name }, 'cannot tell whether the API of a controller is served');
        await rest(clock, RETRY_MS, signal);
      }
    }
    return undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.name} stopped`));
    await this.#inner?.stop();
  }
}

/** For the table of controllers; see `WhereServed`. */
export function whereServed<T extends KubeObject>(setup: ServedSetup<T>): (context: ControllerContext) => RunningController {
  return (context) => new WhereServed(setup, context);
}
