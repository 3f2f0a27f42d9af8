/** Where images are said to be: nothing that is simulated takes room on a disk, and kubelets look how full this is. It is there wherever Linux is. */
export const imageFilesystem = '/dev/shm';
