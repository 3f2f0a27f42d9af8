/** What all who deal with volumes must read the same way. */
export { volumeAnnotations } from './annotations';
export { claimsOfPod, isClaimForPod, type PodClaim } from './claims-of-pod';
export { storageClassOf, wantsDefaultClass } from './storage-class-of';
