/** What `navarch contract` can try. */
export const contractComponents = ['object-service', 'object-client', 'scheduler-plugin', 'cri-runtime', 'data-plane', 'node-service'] as const;

export type ContractComponent = (typeof contractComponents)[number];
