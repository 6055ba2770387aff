"""What several rooms need of networks: where they run, how they are made ready, and ResNet-18."""
