export interface StoredObject {
  readonly body: Buffer;
  readonly etag: string;
  /** In base64; `undefined` if the object was put without one. */
  readonly crc32: string | undefined;
  readonly contentType: string;
  readonly lastModified: Date;
}
