/**
 * The points at which a process is struck, in the order in which an epoch passes them. README.md draws them. Each is one
 * request to the store or to Kafka, or a step between two of them.
 */
export const points = {
  p1: "captured, nothing written",
  p2: "an attachment or a changeset is on its way to the store",
  p3: "all is written, before the seal",
  p4: "the seal is in the store, nobody knows it",
  p5: "sealed, before the transaction",
  p6: "the records are in the transaction, the marker is not",
  p7: "the marker is in the transaction, before its end",
  p8: "the transaction is committed, the response is lost",
  p9: "the file is written, before its rename",
  p10: "all is released, before the commit of the offset for display",
  p11: "in the middle of a prune",
  p12: "a successor has taken over, before its InitProducerId",
  p13: "a successor has the producer id, before it reads the marker",
  p14: "a successor has restored, before its first record",
} as const;

export type Point = keyof typeof points;

export const allPoints = Object.keys(points) as Point[];
