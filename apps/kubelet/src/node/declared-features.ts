/** Of what KEP-5328 has nodes declare, what this kubelet can do; sorted, as the API wants it. */
export function declaredFeatures(cpuPolicy: string): string[] {
  return [...(cpuPolicy === 'none' ? ['GuaranteedQoSPodCPUResize'] : []), 'InPlacePodLevelResourcesVerticalScaling', 'InPlacePodVerticalScalingInitContainers', 'RestartAllContainersOnContainerExits'];
}
