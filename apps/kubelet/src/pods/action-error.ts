/** A container did not come up; `reason` and `message` are what its status says. */
export class ContainerStartError extends Error {
  override readonly name = 'ContainerStartError';

  constructor(readonly reason: 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError' | 'PostStartHookError', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
