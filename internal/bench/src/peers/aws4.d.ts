/** The npm package aws4, which brings no types. */
declare module "aws4" {
  interface Request {
    readonly host: string;
    readonly method: string;
    readonly path: string;
    readonly service: string;
    readonly region: string;
    readonly headers: Record<string, string | number>;
  }
  interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
  }
  const aws4: { readonly sign: (request: Request, credentials: Credentials) => Request };
  // What CommonJS exports is the default of an import.
  export default aws4;
}
