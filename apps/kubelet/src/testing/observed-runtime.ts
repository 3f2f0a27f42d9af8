import { type ContainerRuntime } from '../runtime';

/** Told of each call of a runtime, by its name, as it goes out, and once it is answered, before who asked hears it. */
export interface RuntimeObserver {
  readonly asked: (call: string) => void;
  readonly answered: (call: string) => void;
}

/** A runtime that a test looks over the shoulder of. */
export function observedRuntime(runtime: ContainerRuntime, { asked, answered }: RuntimeObserver): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(value, target, args);
        asked(String(name));
        if (!(answer instanceof Promise)) return answer;
        return answer.then((result: unknown) => {
          answered(String(name));
          return result;
        });
      };
    },
  });
}
