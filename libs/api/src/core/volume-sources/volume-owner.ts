/** Whose source it is: of a pod, or of a PersistentVolume by its name, whose secrets are of any namespace. */
export type VolumeOwner = { readonly kind: 'pod' } | { readonly kind: 'volume'; readonly name: string };
