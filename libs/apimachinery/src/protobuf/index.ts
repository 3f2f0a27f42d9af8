export { formatDuration, parseDuration } from './duration';
export { frameWatchEvent, ProtobufCodec, protobufMagic, protobufMediaType } from './protobuf-codec';
