"""What watches the service itself. It knows ages, restarts and a monotonic clock; what they are of it is told."""
