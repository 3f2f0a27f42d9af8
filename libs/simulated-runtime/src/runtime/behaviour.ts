import { parseDurationMs } from '../duration';

/** Prefix of the annotations, on a pod or on a container, that tell the simulation how to behave. */
export const ANNOTATION_PREFIX = 'fake-runtime.navarch.io/';

/** How a simulated container behaves, beyond what its command says. */
export interface Behaviour {
  /** Between StartContainer's call and its answer. */
  readonly startDelayMs: number;
  /** StartContainer fails with this message. */
  readonly startError?: string;
  /** The process ends by itself after this time. */
  readonly exit?: { readonly afterMs: number; readonly code: number };
  /** How long the process goes on after TERM, and what it then exits with. */
  readonly stopDelayMs: number;
  readonly stopExitCode: number;
  /** Only KILL ends the process. */
  readonly ignoreTerm: boolean;
}

export interface BehaviourSources {
  readonly image: string;
  readonly containerName: string;
  readonly containerAnnotations: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly defaultStartDelayMs: number;
}

/** `navarch.local/exit:3` exits with 3 at once, `navarch.local/exit:3-500ms` after half a second. */
function exitOfImage(image: string): Behaviour['exit'] {
  const match = /(?:^|\/)exit:(\d{1,3})(?:-([\w.]+))?$/.exec(image);
  if (!match) return undefined;
  return { code: Number(match[1]) & 255, afterMs: parseDurationMs(match[2] ?? '0') ?? 0 };
}

/**
 * Reads a container's behaviour from its image's name and from annotations
 * `fake-runtime.navarch.io/<what>[.<container>]`: `start-delay`, `start-error`, `exit-after`, `exit-code`,
 * `stop-delay`, `stop-exit-code`, `ignore-term`. The container's own win over the pod's; malformed ones are ignored.
 */
export function behaviourOf(sources: BehaviourSources): Behaviour {
  const setting = (name: string): string | undefined => {
    const key = `${ANNOTATION_PREFIX}${name}`;
    return sources.containerAnnotations[key] ?? sources.podAnnotations[`${key}.${sources.containerName}`] ?? sources.podAnnotations[key];
  };
  const duration = (name: string): number | undefined => {
    const text = setting(name);
    return text === undefined ? undefined : parseDurationMs(text);
  };
  const code = (name: string): number | undefined => {
    const text = setting(name);
    return text !== undefined && /^\d{1,3}$/.test(text) ? Number(text) & 255 : undefined;
  };
  const startError = setting('start-error');
  const ofImage = exitOfImage(sources.image);
  const exitCode = code('exit-code');
  const exitAfter = duration('exit-after');
  const exit = exitCode === undefined && exitAfter === undefined ? ofImage : { code: exitCode ?? ofImage?.code ?? 0, afterMs: exitAfter ?? ofImage?.afterMs ?? 0 };
  return {
    startDelayMs: duration('start-delay') ?? sources.defaultStartDelayMs,
    ...(startError === undefined ? {} : { startError }),
    ...(exit ? { exit } : {}),
    stopDelayMs: duration('stop-delay') ?? 0,
    stopExitCode: code('stop-exit-code') ?? 0,
    ignoreTerm: setting('ignore-term') === 'true',
  };
}
