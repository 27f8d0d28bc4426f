module memory-s3

go 1.22
