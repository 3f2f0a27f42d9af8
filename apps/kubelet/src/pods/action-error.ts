/** The pod cannot run on this node, whatever is tried again. */
export class PodRejectedError extends Error {
  override readonly name = 'PodRejectedError';

  constructor(readonly reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** A container did not come up; `reason` and `message` are what its status says. */
export class ContainerStartError extends Error {
  override readonly name = 'ContainerStartError';

  constructor(readonly reason: 'CreateContainerConfigError' | 'CreateContainerError' | 'RunContainerError' | 'PostStartHookError', message: string, options?: ErrorOptions) {
    super(message, options);
  }
}
