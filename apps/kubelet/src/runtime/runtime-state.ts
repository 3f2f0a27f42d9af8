import { type Clock, type Timer } from '@navarch/clock';
import { errorText } from '../error-text';
import { type ContainerRuntime } from '../runtime';

/** Whether the runtime answers and pods can have a network. Undefined errors mean all is well. */
export interface RuntimeHealth {
  readonly runtimeError: string | undefined;
  readonly networkError: string | undefined;
}

/** What the runtime can do: as a whole, or by the names of its handlers. */
export interface RuntimeFeatures {
  readonly userNamespaces: ReadonlySet<string>;
  readonly recursiveReadOnlyMounts: ReadonlySet<string>;
  /** Every handler it tells of. */
  readonly handlers: readonly string[];
  /** Undefined: it does not say. */
  readonly supplementalGroupsPolicy: boolean | undefined;
}

const noFeatures: RuntimeFeatures = { userNamespaces: new Set(), recursiveReadOnlyMounts: new Set(), handlers: [], supplementalGroupsPolicy: undefined };

/** Upstream's five seconds; much shorter while something is missing, as it is at every start. */
const checkMs = 5_000;
const checkWhileDownMs = 250;

/** Keeps asking the runtime how it is, and tells when that changes. */
export class RuntimeState {
  features = noFeatures;
  health: RuntimeHealth = { runtimeError: 'container runtime is down', networkError: 'container runtime status check may not have completed yet' };
  #timer: Timer | undefined;
  #stopped = false;

  constructor(private readonly deps: { readonly runtime: ContainerRuntime; readonly clock: Clock; readonly onChange: (health: RuntimeHealth) => void }) {}

  /** Resolves when the runtime has been asked once. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#check();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #check(): Promise<void> {
    const health = await this.#ask();
    if (this.#stopped) return;
    const changed = health.networkError !== this.health.networkError || health.runtimeError !== this.health.runtimeError;
    this.health = health;
    if (changed) this.deps.onChange(health);
    const well = health.networkError === undefined && health.runtimeError === undefined;
    this.#timer = this.deps.clock.setTimeout(() => void this.#check(), well ? checkMs : checkWhileDownMs);
  }

  /** Never rejects. */
  async #ask(): Promise<RuntimeHealth> {
    try {
      const { status, runtimeHandlers, features } = await this.deps.runtime.status();
      const having = (feature: 'userNamespaces' | 'recursiveReadOnlyMounts'): Set<string> => new Set(runtimeHandlers.filter((handler) => handler.features?.[feature] === true).map(({ name }) => name));
      this.features = {
        userNamespaces: having('userNamespaces'),
        recursiveReadOnlyMounts: having('recursiveReadOnlyMounts'),
        handlers: runtimeHandlers.map(({ name }) => name),
        supplementalGroupsPolicy: features?.supplementalGroupsPolicy,
      };
      const error = (type: string, what: string): string | undefined => {
        const condition = status?.conditions.find((candidate) => candidate.type === type);
        return condition?.status === true ? undefined : `${what}: ${type}=false reason:${condition?.reason ?? ''} message:${condition?.message ?? ''}`;
      };
      return { runtimeError: error('RuntimeReady', 'container runtime not ready'), networkError: error('NetworkReady', 'container runtime network not ready') };
    } catch (error) {
      return { runtimeError: `container runtime is down: ${errorText(error)}`, networkError: undefined };
    }
  }
}
