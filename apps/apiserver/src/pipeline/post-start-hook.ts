/** Work that must be done once after the cache is level and before /readyz says yes: named `poststarthook/<name>` in its checks. */
export interface PostStartHook {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}
