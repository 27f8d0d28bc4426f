/** A response by which S3 refuses a request: a status, and a code with a text in XML. */
export interface S3ErrorResponse {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** More fields of the error, such as `Region`. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** Thrown where a request is refused; the double sends its `response`. */
export class Refusal extends Error {
  readonly response: S3ErrorResponse;

  constructor(response: S3ErrorResponse) {
    super(response.message);
    this.response = response;
  }
}

/** The errors that the double knows, with the texts of MinIO, which are S3's. */
export const errors = {
  accessDenied: { status: 403, code: "AccessDenied", message: "Access Denied." },
  authorizationUnknown: {
    status: 400,
    code: "InvalidRequest",
    message: "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  },
  accessKeyUnknown: {
    status: 403,
    code: "InvalidAccessKeyId",
    message: "The Access Key Id you provided does not exist in our records.",
  },
  tokenInvalid: { status: 403, code: "InvalidToken", message: "The security token included is invalid" },
  signatureWrong: {
    status: 403,
    code: "SignatureDoesNotMatch",
    message:
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  },
  timeSkewed: {
    status: 403,
    code: "RequestTimeTooSkewed",
    message: "The difference between the request time and the server's time is too large.",
  },
  sha256Wrong: {
    status: 400,
    code: "XAmzContentSHA256Mismatch",
    message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
  },
  checksumWrong: {
    status: 400,
    code: "XAmzContentChecksumMismatch",
    message: "The provided 'x-amz-checksum' header does not match what was computed.",
  },
  checksumInvalid: { status: 400, code: "InvalidArgument", message: "Invalid checksum provided." },
  md5Wrong: {
    status: 400,
    code: "BadDigest",
    message: "The Content-Md5 you specified did not match what we received.",
  },
  md5Missing: {
    status: 400,
    code: "MissingContentMD5",
    message: "Missing or invalid required header for this request: Content-Md5 or Amz-Content-Checksum",
  },
  notImplemented: {
    status: 501,
    code: "NotImplemented",
    message: "A header you provided implies functionality that is not implemented",
  },
  conditionInvalid: {
    status: 400,
    code: "InvalidArgument",
    message: "The If-None-Match header is not supported for this request.",
  },
  bucketAbsent: { status: 404, code: "NoSuchBucket", message: "The specified bucket does not exist" },
  lifecycleAbsent: {
    status: 404,
    code: "NoSuchLifecycleConfiguration",
    message: "The lifecycle configuration does not exist",
  },
  objectLockAbsent: {
    status: 404,
    code: "ObjectLockConfigurationNotFoundError",
    message: "Object Lock configuration does not exist for this bucket",
  },
  keyAbsent: { status: 404, code: "NoSuchKey", message: "The specified key does not exist." },
  keyTooLong: { status: 400, code: "KeyTooLongError", message: "Your key is too long" },
  preconditionFailed: {
    status: 412,
    code: "PreconditionFailed",
    message: "At least one of the pre-conditions you specified did not hold",
  },
  malformedXml: {
    status: 400,
    code: "MalformedXML",
    message: "The XML you provided was not well-formed or did not validate against our published schema.",
  },
  tokenIncorrect: {
    status: 400,
    code: "InvalidArgument",
    message: "The continuation token provided is incorrect",
  },
} as const satisfies Record<string, S3ErrorResponse>;

export function regionWrong(region: string): S3ErrorResponse {
  return {
    status: 400,
    code: "AuthorizationHeaderMalformed",
    message: `The authorization header is malformed; the region is wrong; expecting '${region}'.`,
    fields: { Region: region },
  };
}
