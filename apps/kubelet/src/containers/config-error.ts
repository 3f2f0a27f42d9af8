/** A container's configuration cannot be made: its status says CreateContainerConfigError with this message. */
export class ContainerConfigError extends Error {
  override readonly name = 'ContainerConfigError';
}
