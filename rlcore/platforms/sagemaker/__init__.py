"""Amazon SageMaker as a platform, on boto3 alone."""
